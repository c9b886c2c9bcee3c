"""`make bench`: the budgets of this product, measured on a made-up archive beside what people build today."""
