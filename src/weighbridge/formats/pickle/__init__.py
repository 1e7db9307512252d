"""The pickle machine: opcodes over abstract values, and the facts that come of them."""
