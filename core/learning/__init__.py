"""From labels to a promoted model: samples, training, held-out figures, predictions."""
