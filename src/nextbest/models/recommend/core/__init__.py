"""What each customer will buy again or may discover: orders in, lists, measures and probabilities out."""
