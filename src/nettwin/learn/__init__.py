"""How the neural twin is made: data sets, training, calibration, comparison."""
