"""Streamlit's entry: `streamlit run app.py`."""

from analyzer.dashboard import main

main()
