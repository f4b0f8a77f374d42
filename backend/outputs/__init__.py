"""What an answer leaves behind: vector files of boxes, pictures, a figure."""
