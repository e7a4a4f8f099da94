"""Completions from an OpenAI-compatible endpoint: Ollama, vLLM, SGLang, llama.cpp, DeepSeek, a teacher."""
