//! Pull requests in a folder.
