"""The networks, module by module under the names diffusers and transformers save them by."""
