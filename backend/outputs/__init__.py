"""The files of an answer: vector files of boxes, pictures, a figure."""
