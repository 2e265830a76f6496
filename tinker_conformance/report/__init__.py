"""Reports: what one run measured, in every form that people use, and several of them side by side."""
