"""The generative reflector's training: prompts and completions, supervised fine-tuning, reinforcement learning."""
