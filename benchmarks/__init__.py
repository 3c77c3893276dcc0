"""Speed and quality claims, each as a script that anyone can run."""
