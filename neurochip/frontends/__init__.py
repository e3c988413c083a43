"""Front ends: models of other simulators in, our Network out."""
