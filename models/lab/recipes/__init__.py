"""One recipe a file: how a student, or the teacher it is measured against, is trained on Vignette's latents."""
