"""The modules of Azure ML's designer, by name, and the built-in component that each stands for.

The 78 classic modules are the pages of its component reference (azure-ai-docs). A declaration
says of which it is the twin; for those that have none the reason stands here.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from millwork.catalogue.model import Declaration

_SCHEME = "azureml://"

_TRAINED = (
    "here the node of the algorithm learns by itself: give it the table and name its label, wire "
    "its model to builtin:predict, and leave this one out"
)
_IMAGES = "images are work for a component of your own: a PyTorchJob with torchvision"
_RECOMMEND = "no recommender is built in: make it a component of your own"
_VOWPAL = "Vowpal Wabbit is not built in: logistic regression on hashed or TF-IDF columns is near"
_SEVERAL = "every classifier here takes two classes or more: use it by itself"

MODULES: Mapping[str, str] = {
    # data in and out
    "Enter Data Manually": "",
    "Export Data": "",
    "Import Data": "",
    # transformation
    "Add Columns": "",
    "Add Rows": "",
    "Apply Math Operation": "",
    "Apply SQL Transformation": "",
    "Clean Missing Data": "",
    "Clip Values": "",
    "Convert to CSV": "",
    "Convert to Dataset": "",
    "Convert to Indicator Values": "",
    "Edit Metadata": "",
    "Group Data into Bins": "",
    "Join Data": "",
    "Normalize Data": "",
    "Partition and Sample": "",
    "Remove Duplicate Rows": "",
    "SMOTE": "no rows are made up here: give weights to the classes, or sample by classes",
    "Select Columns Transform": "give the same names to builtin:select_columns wherever they count",
    "Select Columns in Dataset": "",
    "Split Data": "",
    "Filter Based Feature Selection": "",
    "Permutation Feature Importance": "",
    "Summarize Data": "",
    # regression and clustering
    "Boosted Decision Tree Regression": "",
    "Decision Forest Regression": "",
    "Fast Forest Quantile Regression": "",
    "Linear Regression": "",
    "Neural Network Regression": "",
    "Poisson Regression": "",
    "K-Means Clustering": "",
    # classification
    "Multiclass Boosted Decision Tree": "",
    "Multiclass Decision Forest": "",
    "Multiclass Logistic Regression": "",
    "Multiclass Neural Network": "",
    "One vs. All Multiclass": _SEVERAL,
    "One vs. One Multiclass": _SEVERAL,
    "Two-Class Averaged Perceptron": "no perceptron is built in: the linear SVM is near",
    "Two-Class Boosted Decision Tree": "",
    "Two-Class Decision Forest": "",
    "Two-Class Logistic Regression": "",
    "Two-Class Neural Network": "",
    "Two-Class Support Vector Machine": "",
    # training, scoring, evaluation
    "Train Clustering Model": _TRAINED,
    "Train Model": _TRAINED,
    "Train PyTorch Model": "make it a component of your own, with jobType: PyTorchJob",
    "Tune Model Hyperparameters": "a sweep does that: docs/sweep.md",
    "Apply Transformation": "",
    "Assign Data to Clusters": "",
    "Cross Validate Model": "not built in: split the table, train on each part, and evaluate",
    "Evaluate Model": "",
    "Score Image Model": _IMAGES,
    "Score Model": "",
    # languages
    "Create Python Model": "a model of your own code is a component of your own",
    "Execute Python Script": "",
    "Execute R Script": "R is not built in: a component of your own runs Rscript",
    # text
    "Convert Word to Vector": "no word vectors are built in: make it a component of your own",
    "Extract N-Gram Features from Text": "",
    "Feature Hashing": "",
    "Latent Dirichlet Allocation": "",
    "Preprocess Text": "",
    "Score Vowpal Wabbit Model": _VOWPAL,
    "Train Vowpal Wabbit Model": _VOWPAL,
    # images
    "Apply Image Transformation": _IMAGES,
    "Convert to Image Directory": _IMAGES,
    "DenseNet": _IMAGES,
    "Init Image Transformation": _IMAGES,
    "ResNet": _IMAGES,
    "Split Image Directory": _IMAGES,
    # recommendation
    "Evaluate Recommender": _RECOMMEND,
    "Score SVD Recommender": _RECOMMEND,
    "Score Wide and Deep Recommender": _RECOMMEND,
    "Train SVD Recommender": _RECOMMEND,
    "Train Wide and Deep Recommender": _RECOMMEND,
    # anomaly, web service
    "PCA-Based Anomaly Detection": "take the isolation forest, or the local outlier factor",
    "Train Anomaly Detection Model": _TRAINED,
    "Web Service Input/Output": "a pipeline's own inputs and outputs say what comes and goes",
}
"""Why a module has no twin; empty for those that have one."""


def twin(reference: str, declarations: Iterable[Declaration]) -> Declaration:
    """The built-in component that `azureml://NAME` stands for, the first if there are several.

    BadRequest that says why there is none, or which names are near.
    """
    given = reference[len(_SCHEME) :]  # which may be in capitals
    name = {_folded(known): known for known in MODULES}.get(_folded(given))
    if name is None:
        near = " or ".join(f"'{each}'" for each in get_close_matches(given, MODULES, 3, 0.5))
        hint = f"is it {near}?" if near else "docs/catalogue/azureml.md lists them"
        raise BadRequest(f"Azure ML's designer has no module '{given[:80]}': {hint}")
    found = twins(name, declarations)
    if not found:
        raise BadRequest(f"'{name}' has no twin here: {MODULES[name]}")
    return found[0]


def _folded(name: str) -> str:
    """A name as it is compared: its pages write `N Gram` and `N-Gram`."""
    return " ".join(name.replace("-", " ").split()).casefold()


def twins(name: str, declarations: Iterable[Declaration]) -> list[Declaration]:
    """All that do the work of a module, that by which it is replaced first."""
    return [each for each in declarations if name in each.azureml]
