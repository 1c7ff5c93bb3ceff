"""What a model and a reader are told of the weather: values chosen, put into words, and cut to fit."""
