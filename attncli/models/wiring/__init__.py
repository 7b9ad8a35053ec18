"""When a recurrent decoder looks at the source: before, after or between its state updates.

The name matters as much as the score. Bahdanau 2015 looks with the state before the step, Luong
2015 with the state after it, the conditional GRU (Sennrich et al. 2017, arXiv 1703.04357) between
two cells.
"""
