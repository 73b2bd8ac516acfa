"""The same theory on tensors: derivatives of every figure, and a GPU. What it computes is stated in the parent package."""
