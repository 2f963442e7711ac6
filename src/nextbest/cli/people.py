"""Commands for people's judgement: rules that people write, and reviews of rules."""
