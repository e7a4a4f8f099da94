"""The recipe's first step: arithmetic with exact answers, a teacher's verified replies, a data set for fine-tuning."""
