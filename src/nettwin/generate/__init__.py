"""Synthetic topologies, traffic, configurations and troubles: for training, benchmarks, and files that lack them."""
