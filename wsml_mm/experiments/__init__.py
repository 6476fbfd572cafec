"""What runs: methods, protocols, trainings over seeds and their results."""
