"""What runs models. `ort` is the one door to onnxruntime."""
