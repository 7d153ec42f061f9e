"""The digest of pairs that were consumed in order, as in benches/src/checksum.rs."""

import numpy


class Checksum:
    def __init__(self):
        self.rows = 0
        self.in_order = True
        self.last = None
        self.key_sum = 0
        self.product_sum = 0

    def add(self, keys, values):
        """Adds consecutive pairs: an array of i64 and one of f64."""
        if len(keys) == 0:
            return
        self.rows += len(keys)
        self.in_order &= bool((keys[1:] >= keys[:-1]).all()) and (self.last is None or self.last <= keys[0])
        self.last = keys[-1]
        unsigned = keys.view(numpy.uint64)
        # Unsigned sums and products wrap, as in checksum.rs. `dot` creates no array of the products.
        self.key_sum += int(unsigned.sum())
        self.product_sum += int(numpy.dot(unsigned, values.view(numpy.uint64)))

    def answer(self):
        return [(self.rows, int(self.in_order), self.key_sum % 2**64, self.product_sum % 2**64)]
