"""Data sets joined, cut down and divided, without reading a mask where that is not needed.

keeping.py   which segments and images stay      classes.py  classes of several data sets, by name
dividing.py  parts balanced over classes         photos.py   photos and ids of several data sets
held.py      what images hold                    joining.py  two annotations of one photo
"""
