"""What predictions are worth: arrays and samples in, numbers out, by the formulas of the tools named."""
