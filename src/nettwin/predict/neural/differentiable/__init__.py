"""The neural twin on tensors from end to end: derivatives of its figures by every capacity, rate, buffer and weight, and a GPU."""
