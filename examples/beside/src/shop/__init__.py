import six

NAME = six.u("shop")
