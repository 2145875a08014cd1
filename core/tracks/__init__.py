"""Points over time as arrays: smoothing, track files, predictors that are bad on purpose."""
