"""Predictions against the truth: two sources opened and paired, and what is counted of each pair.

sides.py      both sources, with one meaning of their classes     unexplained.py  predictions of numbers alone
pairs.py      image with image, by their names or ids             measures.py     what is counted of a pair
evaluation.py the result     groups.py of classes     least.py what is too low     per_image.py the table of images
"""
