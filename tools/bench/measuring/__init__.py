# SPDX-License-Identifier: MIT
"""What tools/bench/run is made of: see ../README.md."""
