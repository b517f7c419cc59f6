"""One vendor, one module: vendor words come in, our words go out."""
