"""The ideas: buyers beside customers like them, made-up heads that check the comparison, staying, and paying back."""
