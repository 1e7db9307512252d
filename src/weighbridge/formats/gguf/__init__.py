"""GGUF, the format of llama.cpp, and the GGML files before it; read by ranges, without tensors."""
