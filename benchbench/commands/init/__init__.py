"""`bench init`: a commented setting to start from, written from what a model and a file of data are seen to be."""
