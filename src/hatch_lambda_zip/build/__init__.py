"""One zip from start to end: the sentence that joins the stages, its manifest, its outputs."""
