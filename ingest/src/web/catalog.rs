//! The guides of the AWS documentation that can be chosen by name.
