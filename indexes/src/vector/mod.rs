//! The vectors' side: nearest neighbours among quantized vectors, memory-mapped.
