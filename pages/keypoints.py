import streamlit as st

st.title("keypoints")
