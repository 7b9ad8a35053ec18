"""The encoder-decoders: recurrent (three wirings) and Transformer, and what they are built from."""
