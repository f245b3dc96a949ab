//! A documentation site on loopback that can be changed and can misbehave.
