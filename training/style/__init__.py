"""Parts of the style encoder: how it reads a text, what a batch is, and how it is judged."""
