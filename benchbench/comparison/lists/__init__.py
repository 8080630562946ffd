"""Lists of candidates ranked by a score, against what is known of each: top-1, NDCG, reciprocal rank, Kendall tau-b."""
