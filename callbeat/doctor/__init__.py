"""What is wrong with an installation, and how to mend it: each part is looked at alone, and changes nothing."""
