"""The edit reflector's training: examples, supervised fine-tuning, calibration, reinforcement learning."""
