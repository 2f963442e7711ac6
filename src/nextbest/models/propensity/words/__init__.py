"""What models of propensity say: findings, reasons and model cards."""
