"""The report's words: numbers as people read them, and the sentence over each chart."""
