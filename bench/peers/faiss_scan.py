"""Exact search over the same number of 16-byte codes by faiss's IndexPQ (8 bits, inner product).

Usage: faiss_scan.py N THREADS; prints milliseconds a search, the fastest of several. One query is one
thread's work for faiss; with more threads as many queries are given at once and the time divided.
"""
import sys
import time

import faiss
import numpy as np

n, threads = int(sys.argv[1]), int(sys.argv[2])
faiss.omp_set_num_threads(threads)
rng = np.random.default_rng(1)
index = faiss.IndexPQ(64, 16, 8, faiss.METRIC_INNER_PRODUCT)
faiss.copy_array_to_vector((rng.standard_normal(16 * 256 * 4) * 0.25).astype("float32"), index.pq.centroids)
index.is_trained = True
faiss.copy_array_to_vector(rng.integers(0, 256, n * 16, dtype="uint8"), index.codes)
index.ntotal = n
query = rng.standard_normal((threads, 64)).astype("float32")
best = 1e9
for _ in range(6):
    start = time.perf_counter()
    index.search(query, 10)
    best = min(best, time.perf_counter() - start)
print("ms=%.2f" % (best * 1e3 / threads))
