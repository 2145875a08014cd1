"""Learning from labels: samples and their augmentation, losses, splits by group, recipes and the loop."""
