//! Tables of contents of AWS guides.
