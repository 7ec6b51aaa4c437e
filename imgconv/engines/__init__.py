"""Layer 1: the sums. Every exact engine gives the same bits."""
