"""What is likely to be wrong, where a check or an assertion has failed?"""
