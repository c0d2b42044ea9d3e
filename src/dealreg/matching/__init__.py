"""Are these the same customer, the same opportunity?"""
