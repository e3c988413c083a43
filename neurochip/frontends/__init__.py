"""Front ends, which read models of other simulators as networks."""
